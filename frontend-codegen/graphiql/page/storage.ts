// What GraphiQL remembers, and for how long: its theme for good, everything else until the browser's tab is closed.
//
// The operations that people write here sign in and sign up, and its history keeps their headers: passwords and tokens
// have no place in a storage that outlives the visit.

const THEME = "graphiql:theme";

function placeOf(key: string): Storage {
  return key === THEME ? localStorage : sessionStorage;
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
