"""From a file or a frame to named columns: formats, header rows, several files as one survey."""
