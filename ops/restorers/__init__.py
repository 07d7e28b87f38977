"""Ways to restore a photo, all of one form (``restorer.Restorer``), so that tables and archives know only the form.

One file per method. Which methods are compared is written where the table is made, not here.
"""
