"use strict";
// Fetches the page again and puts its new contents in place, unless somebody is typing or
// reading elsewhere. Without this script the page reloads itself now and then.
const EVERY = 5000;

function say(lost) {
  let note = document.querySelector(".lost");
  if (lost && !note) {
    note = document.createElement("p");
    note.className = "lost";
    note.setAttribute("role", "alert");
    note.textContent = "The server does not answer. What you see is old.";
    document.body.prepend(note);
  } else if (!lost && note) {
    note.remove();
  }
}

async function renew() {
  if (document.hidden || document.activeElement?.tagName === "INPUT") return;
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    say(false);
  } catch {
    say(true);
  }
}

setInterval(renew, EVERY);
