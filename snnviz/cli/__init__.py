"""The command line's kit and its general commands; what belongs to a study is in its folder."""
