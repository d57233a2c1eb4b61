"""What is known of well-known vendors, each fact with where it is from: data files, and how they are read."""
