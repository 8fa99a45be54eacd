from odoo.http import Stream, request


class ProtectedStream(Stream):
    """A protected file on its way to a browser: frame by frame, and only those it asks for.

    What wants the whole content, such as a picture that is made smaller, finds it in
    `data`, and may put another one there.
    """

    type = "data"
    _data = None
    _attachment = None

    @property
    def data(self):
        """Return the content (bytes)."""
        if self._data is None:
            self._data = self._attachment._file_read(self._attachment.store_fname)
        return self._data

    @data.setter
    def data(self, value):
        self._data = value

    def get_response(self, as_attachment=None, immutable=None, **kwargs):
        """Return the response; the file is decrypted while it is sent.

        HEAD, conditions and ranges are those of any other file. One that was changed
        in the middle ends there, shorter than it said it is.

        :raise UserError: if it can't be opened, or was cut off
        :raise RequestedRangeNotSatisfiable: of a range beyond its end
        """
        if self._data is not None:
            return super().get_response(as_attachment, immutable, **kwargs)
        reader = self._attachment._open_to_send()
        # The headers are Odoo's, of a file that is not here yet.
        self._data = b""
        try:
            response = super().get_response(
                as_attachment, immutable, **{**kwargs, "conditional": False}
            )
            self._send(response, reader)
        except BaseException:
            reader.close()
            raise
        finally:
            self._data = None
        return response

    def _send(self, response, reader):
        environ = request.httprequest.environ
        response.response = Blocks(reader)
        response.content_length = reader.size
        if self.conditional:
            response.make_conditional(
                environ, accept_ranges=True, complete_length=reader.size
            )
        # Where the body is not sent, as well
        response.call_on_close(reader.close)


class Blocks:
    """What a server sends of a reader, block by block; a range is sought in it."""

    def __init__(self, reader):
        self._reader = reader
        self.seek = reader.seek
        self.tell = reader.tell

    def seekable(self):
        """Return True: a range begins where it is asked for."""
        return True

    def close(self):
        """Close the file."""
        self._reader.close()

    def __iter__(self):
        return self

    def __next__(self):
        block = self._reader.read_block()
        if not block:
            raise StopIteration
        return block
