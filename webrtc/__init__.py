"""Browser audio: sessions, tracks of shared Opus packets, the microphone, push-to-talk, delays."""
