"""Class colours for the window and for figures."""

# Accessible Color Sequences for Data Visualization, Petroff, 2021: ten colours distinguishable
# with colour vision deficiency.
CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
