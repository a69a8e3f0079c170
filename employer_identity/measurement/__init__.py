"""The engine room: arrays in, small frozen records out."""
