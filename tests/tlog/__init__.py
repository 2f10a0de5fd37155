"""An oracle that is not ours: the transparency log of the Go project, which verifies what we export."""
