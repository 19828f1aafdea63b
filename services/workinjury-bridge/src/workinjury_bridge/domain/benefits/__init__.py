"""Cash benefits of the work-injury fund (社会保险法 36–43, 工伤保险条例 34–43): what is due, who grants it, how it is booked."""
