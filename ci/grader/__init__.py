"""The autograder: the guest reports, the host decides. docs/grading.md tells how."""
