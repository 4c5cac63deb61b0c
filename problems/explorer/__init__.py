"""The explorer: a page that runs the translated lines in a browser."""
