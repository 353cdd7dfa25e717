"""Speed and memory beside other nameservers, measured in the same run."""
