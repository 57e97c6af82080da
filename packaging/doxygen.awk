# SPDX-License-Identifier: MIT
# Reads a public header as Doxygen wants it, line by line: comments above a declaration and after a
# member count as its documentation, the one at the top as the file's. Headings of parts stay comments.
NR == 1 { print "/** \\file"; next }
NR == 2 { sub(/^\/\* /, ""); print; next }
# Attributes and the helpers of lists, which Doxygen has from its PREDEFINED.
/^#define COVEY_(API|NODISCARD|PRINTF|BEGIN_DECLS|END_DECLS|STATUS_ENUM|LANGUAGE_ROW)/ { print ""; next }
/^[ \t]*\/\* ----/ { print; next }
/^[ \t]*\/\* / { sub(/\/\* /, "/** "); print; next }
/[^ \t].*\/\* / { sub(/\/\* /, "/**< "); print; next }
{ print }
