"""The reverse-mode engine's package; the engine itself is not part of this release yet."""
