// What GraphiQL remembers, and for how long: its theme for good, everything else until the browser's tab is closed.
//
// The operations that people write here sign in and sign up: their passwords have no place in a storage that outlives the
// visit. A token is not among what it remembers: the fetcher adds it, and the history is built without headers.

const THEME = "graphiql:theme";

function placeOf(key: string): Storage {
  return key === THEME ? localStorage : sessionStorage;
}

/** Opens the page anew, as for a first visit. What is stored goes last, when nothing here can write any more. */
export function startAnew(): void {
  addEventListener("pagehide", () => sessionStorage.clear());
  location.reload();
}

export const storage = {
  getItem: (key: string) => placeOf(key).getItem(key),
  setItem: (key: string, value: string) => placeOf(key).setItem(key, value),
  removeItem: (key: string) => placeOf(key).removeItem(key),
  clear: () => {
    localStorage.removeItem(THEME);
    sessionStorage.clear();
  },
  get length() {
    return sessionStorage.length;
  },
};
