"""What the Python side tells about itself."""
