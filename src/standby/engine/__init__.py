"""The one place where time passes: scheduling, judging, recording, lock and lifetime."""
