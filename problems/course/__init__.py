"""Assignments made from the source, and their grading line by line."""
