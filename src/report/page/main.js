/* SPDX-License-Identifier: MIT */
/* The page's script. Without it the page shows the first loss whole; with it the groups of the other
   losses, the runners-up, one photo's numbers, and finding by file name. */
/*! The charts are computed, and the map is moved, by parts of D3. Copyright 2010-2023 Mike Bostock

Permission to use, copy, modify, and/or distribute this software for any purpose
with or without fee is hereby granted, provided that the above copyright notice
and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE. */
import "./gallery.js";
import "./peek.js";
import "./sheet.js";
import "./duel.js";
import "./found.js";
import "./map.js";
import "./dial.js";
import "./landscape.js";
import "./strangers.js";
import "./follow.js";

/* Last, so that controls show only if they work. */
document.documentElement.classList.add("on");
