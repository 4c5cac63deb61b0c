"""What is read beside the papers: equations, their checker, notation, trace, exact numbers."""
