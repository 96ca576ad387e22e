"""Google's Gemini API and all that is known of it here. Nothing in it knows the chat or Django."""
