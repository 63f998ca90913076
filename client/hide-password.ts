/** A text that may hold the URL of a database, as it may be shown or recorded: without the password. */
export function hidePassword(text: string): string {
  return text
    .replace(/(\bpostgres(?:ql)?:\/\/[^\s:@/?#]*):[^\s@]*@/gi, '$1@')
    .replace(/([?&]password=)[^\s&#]*/gi, '$1');
}
