"""What is usual for a metric, and how unusual a value is: learned online, one configuration for every series."""
