// Takes the parameters named in data-strip out of the address, so that a secret is not kept or shared with it.
export function attach(element) {
  const address = new URL(location.href);
  for (const name of element.dataset.strip.split(/\s+/)) address.searchParams.delete(name);
  if (element.dataset.stripPath) address.pathname = element.dataset.stripPath;
  history.replaceState(history.state, "", address);
}
