"""Pictures of your own as a data set: folders, archives, arrays and sprite sheets."""
