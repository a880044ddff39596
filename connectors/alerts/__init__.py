"""Shifts of volume and opinion in the trends of tracks: found, explained, told in three places."""
