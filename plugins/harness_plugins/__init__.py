"""Built-in plug-ins: each folder is a plug-in on the same footing as a third party's."""
