"""Half-rate speech by an AMBE-3000R chip on a serial port: no vocoder in software."""
