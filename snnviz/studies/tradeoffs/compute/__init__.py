"""The part of the study that runs in workers and other processes, with torch or scikit-learn."""
