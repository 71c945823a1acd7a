"""What exports compute with torch: the run's own network on test images, and what a script says of the same."""
