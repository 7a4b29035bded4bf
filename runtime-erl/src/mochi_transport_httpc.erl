-module(mochi_transport_httpc).
-moduledoc """
Requests through OTP's own client, in a profile of our own. Certificates are verified against the system's authorities. Redirects are not followed here: whoever allows hosts sees each.

The client gives the status of an answer whose body is handed over in parts only as "200 or 206", and hands over other answers whole; the latter are cut to parts here.
""".

-behaviour(mochi_transport).

-export([available/0, open/1, request/4, close/1]).

-define(PROFILE, mochi).

-doc false.
-spec available() -> boolean().
available() ->
    lists:all(fun mochi_app:has/1, [inets, httpc, ssl]).

-doc false.
-spec open(mochi_transport:origin()) -> {ok, profile} | {error, mochi_transport:reason()}.
open(_) ->
    case application:ensure_all_started([inets, ssl]) of
        {ok, _} ->
            case inets:start(httpc, [{profile, ?PROFILE}]) of
                {ok, _} -> {ok, profile};
                {error, {already_started, _}} -> {ok, profile};
                {error, Why} -> {error, {connect, Why}}
            end;
        {error, Why} -> {error, {connect, Why}}
    end.

-doc false.
-spec close(profile) -> ok.
close(profile) -> ok.

-doc false.
-spec request(profile, mochi_transport:request(), mochi_transport:sink(), term()) ->
          {ok, term()} | {error, mochi_transport:reason()}.
request(profile, #{method := Method, url := Url, headers := Headers, body := Body, timeout := Timeout} = Request, Sink, Acc) ->
    case tls(Request) of
        {ok, Tls} ->
            Options = [{autoredirect, false}, {timeout, Timeout}, {connect_timeout, min(Timeout, 10_000)} | Tls],
            Given = [{binary_to_list(K), binary_to_list(V)} || {K, V} <- Headers],
            {Type, Others} = content_type(Given),
            What = case Body of
                       <<>> -> {Url, Given};
                       _ -> {Url, Others, Type, Body}
                   end,
            case httpc:request(method(Method), What, Options,
                               [{sync, false}, {stream, {self, once}}, {body_format, binary}], ?PROFILE) of
                {ok, Ref} -> answer(Ref, Sink, Acc);
                {error, Why} -> {error, reason(Why)}
            end;
        Error -> Error
    end.

method(<<"GET">>) -> get;
method(<<"POST">>) -> post;
method(<<"PUT">>) -> put;
method(<<"PATCH">>) -> patch;
method(<<"DELETE">>) -> delete;
method(<<"HEAD">>) -> head;
method(<<"OPTIONS">>) -> options.

tls(#{origin := {https, _, _}}) ->
    try {ok, [{ssl, httpc:ssl_verify_host_options(true)}]}
    catch _:Why -> {error, {tls, Why}}
    end;
tls(_) -> {ok, []}.

content_type(Headers) ->
    case lists:partition(fun({K, _}) -> string:lowercase(K) =:= "content-type" end, Headers) of
        {[{_, Type} | _], Others} -> {Type, Others};
        {[], Others} -> {"application/octet-stream", Others}
    end.

answer(Ref, Sink, Acc) ->
    receive
        {http, {Ref, stream_start, Headers, Handler}} ->
            Status = case lists:keymember("content-range", 1, Headers) of
                         true -> 206;
                         false -> 200
                     end,
            more(Ref, Handler, Sink, Sink({status, Status, headers(Headers)}, Acc));
        {http, {Ref, {error, Why}}} -> {error, reason(Why)};
        {http, {Ref, {{_, Status, _}, Headers, Body}}} ->
            case Sink({status, Status, headers(Headers)}, Acc) of
                {ok, Acc1} ->
                    case Sink({data, iolist_to_binary(Body)}, Acc1) of
                        {ok, Acc2} -> {ok, Acc2};
                        {stop, Why} -> {error, Why}
                    end;
                {stop, Why} -> {error, Why}
            end
    end.

more(Ref, _, _, {stop, Why}) ->
    ok = httpc:cancel_request(Ref, ?PROFILE),
    {error, Why};
more(Ref, Handler, Sink, {ok, Acc}) ->
    ok = httpc:stream_next(Handler),
    receive
        {http, {Ref, stream, Bytes}} -> more(Ref, Handler, Sink, Sink({data, Bytes}, Acc));
        {http, {Ref, stream_end, _}} -> {ok, Acc};
        {http, {Ref, {error, Why}}} -> {error, reason(Why)}
    end.

headers(Headers) -> [{string:lowercase(unicode:characters_to_binary(K)), unicode:characters_to_binary(V)} || {K, V} <- Headers].

reason(timeout) -> timeout;
reason(socket_closed_remotely) -> closed;
reason({failed_connect, Info}) ->
    case [Why || {inet, _, Why} <- Info] ++ [Why || {inet6, _, Why} <- Info] of
        [{tls_alert, Why} | _] -> {tls, Why};
        [timeout | _] -> timeout;
        [Why | _] -> {connect, Why};
        [] -> {connect, unknown}
    end;
reason(Why) -> Why.
