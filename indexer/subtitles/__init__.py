"""Subtitles as files bring them, beside a video or in it, in any encoding: from cues to what was said."""
