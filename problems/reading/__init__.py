"""What is read beside the papers: equations and their checker, notation, trace, exact arithmetic."""
