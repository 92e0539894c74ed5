"""What is made with a learner: works as files, edits, pictures, published models."""
