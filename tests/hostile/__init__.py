"""Input that nobody would send by mistake: it is refused in words, in bounded time, and nothing breaks."""
