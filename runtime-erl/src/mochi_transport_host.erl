-module(mochi_transport_host).
-moduledoc "Requests through the host of a sandbox: `m:beambox_http`.".

-behaviour(mochi_transport).

-export([available/0, open/1, request/4, close/1]).

%% What the functions of the boundary do without a VM's built-in ones is not all that they may do.
-dialyzer({nowarn_function, [available/0, request/4, parts/4]}).

-doc false.
-spec available() -> boolean().
available() ->
    try beambox_http:available()
    %% An escript carries the application's own modules only.
    catch error:undef -> false
    end.

-doc false.
-spec open(mochi_transport:origin()) -> {ok, none}.
open(_) -> {ok, none}.

-doc false.
-spec close(none) -> ok.
close(none) -> ok.

-doc false.
-spec request(none, mochi_transport:request(), mochi_transport:sink(), term()) ->
          {ok, term()} | {error, mochi_transport:reason()}.
request(none, #{timeout := Timeout} = Request, Sink, Acc) ->
    case beambox_http:start(maps:with([method, url, headers, body], Request)) of
        {ok, Ref} -> parts(Ref, Sink, Acc, Timeout);
        {error, _} = Error -> Error
    end.

parts(Ref, Sink, Acc, Timeout) ->
    ok = beambox_http:next(Ref),
    receive
        {beambox_http, Ref, done} -> {ok, Acc};
        {beambox_http, Ref, {error, _} = Error} -> Error;
        {beambox_http, Ref, Part} ->
            case Sink(Part, Acc) of
                {ok, Acc1} -> parts(Ref, Sink, Acc1, Timeout);
                {stop, Why} ->
                    ok = beambox_http:cancel(Ref),
                    {error, Why}
            end
    after Timeout ->
        ok = beambox_http:cancel(Ref),
        {error, timeout}
    end.
