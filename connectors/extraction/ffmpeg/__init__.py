"""Sound tracks of films, by the FFmpeg in OpenCV's wheel; OpenCV itself reads frames only."""
