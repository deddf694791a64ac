"""Speech: PCM frames, level control, Opus, the press buffer and Ogg. Arithmetic only, no IO."""
