// What Django's and the theme's own widgets leave unnamed to those who cannot see them.

function mend() {
  for (const mark of document.querySelectorAll("span.help-tooltip[aria-label]:not([role])")) {
    mark.setAttribute("role", "img");
  }
  // The two halves of a date and time share one label, which belongs to neither.
  for (const half of document.querySelectorAll("input.vDateField, input.vTimeField")) {
    if (half.labels.length || half.hasAttribute("aria-label")) continue;
    const label = half.closest(".field-line, .form-row")?.querySelector("label");
    half.setAttribute("aria-label", label?.textContent.trim() || half.name);
  }
}

// Django builds its widgets when the page has loaded.
window.addEventListener("load", () => setTimeout(mend, 0));
