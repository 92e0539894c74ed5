"""The Python API, as `import tf_creative as tc` shows it; each name is loaded when it is used.

Commands are thin callers of it, so that both do the same.
"""
