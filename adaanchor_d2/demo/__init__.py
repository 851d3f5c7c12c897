"""What ``demo/demo.py`` runs: images or a video in; pictures, JSON and CSV out."""
