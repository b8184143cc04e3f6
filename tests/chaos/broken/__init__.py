"""The must-fail controls: each takes one thing out of a web process, and the checker has to notice."""
