"""What synthetic people and faces are drawn with and before: canvas, textures, scenes, things."""
