-module(mochi_fetch).
-moduledoc """
`fetch`: JSON from a file (`file://` or no scheme), or over the network where the host offers one. None does yet: that is a runtime error.
""".

-export([fetch/2]).

-doc "`fetch url with options`".
-spec fetch(term(), term()) -> term().
fetch(<<"file://", Path/binary>>, _) -> mochi_data:decode_json(mochi_data:read_file(Path));
fetch(Url, _) when is_binary(Url) ->
    case binary:match(Url, <<"://">>) of
        nomatch -> mochi_data:decode_json(mochi_data:read_file(Url));
        _ -> mochi_core:fail([<<"fetch ">>, Url, <<": this host offers no network">>])
    end;
fetch(_, _) -> mochi_core:fail(<<"fetch URL must be string">>).
