"""Personal values at rest: a key for each subject, values sealed with it, and keys that can be destroyed one by one."""
