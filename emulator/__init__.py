"""A stand-in for the Gemini API over real HTTP: for the demo without a key, and for tests."""
