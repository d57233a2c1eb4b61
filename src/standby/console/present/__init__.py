"""What the screen says, as rows of cells: pure functions of a snapshot, an instant and a width. No Textual."""
