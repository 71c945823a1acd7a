"""The general commands of the command line, and helpers for all commands; commands of studies are in their folders."""
