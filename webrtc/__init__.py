"""Samband: webrtc."""
