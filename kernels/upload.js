// What comes from the host, as it is.

function upload(values) {
  return values[this.thread.x];
}
