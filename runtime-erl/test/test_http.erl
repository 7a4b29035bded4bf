-module(test_http).
-moduledoc """
A server for the tests of requests: answers as a function says, and misbehaves as it says, too.

The function gets `#{method, path, headers, body}` and gives a list of steps: `{reply, Status, Headers, Body}`, `{send, Bytes}`, `{sleep, Ms}`, `{flood, Bytes}` (that many bytes as a body
whose length is not told), `close`. All requests that came are kept.
""".

-export([start/1, stop/1, url/2, seen/1, can/0]).

-doc "Can this VM listen?".
can() ->
    case gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]) of
        {ok, L} -> gen_tcp:close(L), true;
        {error, _} -> false
    end.

start(Handler) ->
    Self = self(),
    Pid = spawn(fun() ->
                        {ok, L} = gen_tcp:listen(0, [binary, {packet, http_bin}, {active, false}, {reuseaddr, true}, {ip, {127, 0, 0, 1}}]),
                        {ok, Port} = inet:port(L),
                        Seen = ets:new(seen, [public, ordered_set]),
                        Self ! {self(), Port, Seen},
                        accept(L, Handler, Seen, self())
                end),
    receive {Pid, Port, Seen} -> {Pid, Port, Seen} end.

stop({Pid, _, _}) ->
    Ref = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Ref, process, _, _} -> ok end.

url({_, Port, _}, Path) -> iolist_to_binary([<<"http://127.0.0.1:">>, integer_to_binary(Port), Path]).

seen({_, _, Seen}) -> [R || {_, R} <- ets:tab2list(Seen)].

accept(L, Handler, Seen, Server) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> monitor(process, Server), receive go -> ok end, serve(S, Handler, Seen) end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    accept(L, Handler, Seen, Server).

serve(S, Handler, Seen) ->
    case request(S) of
        {ok, R} ->
            ets:insert(Seen, {erlang:unique_integer([monotonic]), R}),
            steps(S, Handler(R)),
            serve(S, Handler, Seen);
        closed -> gen_tcp:close(S)
    end.

request(S) ->
    inet:setopts(S, [{packet, http_bin}]),
    case gen_tcp:recv(S, 0) of
        {ok, {http_request, Method, {abs_path, Path}, _}} ->
            Headers = headers(S),
            inet:setopts(S, [{packet, raw}]),
            Body = case proplists:get_value(<<"content-length">>, Headers) of
                       undefined -> <<>>;
                       <<"0">> -> <<>>;
                       N -> {ok, B} = gen_tcp:recv(S, binary_to_integer(N)), B
                   end,
            {ok, #{method => if is_atom(Method) -> atom_to_binary(Method); true -> Method end, path => Path,
                   headers => Headers, body => Body}};
        _ -> closed
    end.

headers(S) ->
    case gen_tcp:recv(S, 0) of
        {ok, {http_header, _, K, _, V}} ->
            Name = if is_atom(K) -> atom_to_binary(K); true -> K end,
            [{string:lowercase(Name), V} | headers(S)];
        {ok, http_eoh} -> []
    end.

steps(_, []) -> ok;
steps(S, [{reply, Status, Headers, Body} | Rest]) ->
    B = iolist_to_binary(Body),
    _ = gen_tcp:send(S, [head(Status, [{<<"content-length">>, integer_to_binary(byte_size(B))} | Headers]), B]),
    steps(S, Rest);
steps(S, [{send, Bytes} | Rest]) ->
    _ = gen_tcp:send(S, Bytes),
    steps(S, Rest);
steps(S, [{sleep, Ms} | Rest]) ->
    timer:sleep(Ms),
    steps(S, Rest);
steps(S, [{flood, N} | Rest]) ->
    _ = gen_tcp:send(S, head(200, [{<<"connection">>, <<"close">>}])),
    flood(S, N, binary:copy(<<"x">>, 65536)),
    steps(S, Rest);
steps(S, [close | _]) -> gen_tcp:close(S).

flood(S, N, _) when N =< 0 -> gen_tcp:close(S);
flood(S, N, B) ->
    case gen_tcp:send(S, B) of
        ok -> flood(S, N - byte_size(B), B);
        _ -> ok
    end.

head(Status, Headers) ->
    [io_lib:format("HTTP/1.1 ~b X\r\n", [Status]), [[K, <<": ">>, V, <<"\r\n">>] || {K, V} <- Headers], <<"\r\n">>].
