// A button asks the browser for a passkey, and allauth's script sends the answer. A passkey given up is said, not logged.
for (const button of document.querySelectorAll("[data-passkey]")) {
  const { passkey, credential, passwordless } = button.dataset;
  const ids = { [passkey]: button.id, credential, data: "js_data", ...(passwordless && { passwordless }) };
  button.hidden = false; // without this script it could do nothing
  window.allauth.webauthn.forms[`${passkey}Form`]({ ids });
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.getElementById("passkey_said");
  place.textContent = place.dataset.said;
});
