-module(mochi_fetch).
-moduledoc """
`fetch`: JSON from a file (`file://` or no scheme) or over the network; and requests in general, for the runtime and for Erlang code.

Every request, and every redirect that it follows, is checked first: scheme, host against the list `fetch_allow` of the application's configuration (`all`, or names, where
`*.example.com` is every host below), no credentials in the address, no line breaks in headers. It has a limit of time (`fetch_timeout`, 30 s) and its answer one of
size (`fetch_max_body`, 16 MB). Where the host offers no network, that is the error.
""".

-export([fetch/2, request/1, stream/3, reason/1]).
-export_type([request/0, response/0]).

-type request() :: #{url := binary(), method => binary(), headers => [{binary(), binary()}], body => binary(),
                     timeout => pos_integer(), max_body => pos_integer(), redirects => non_neg_integer()}.
-type response() :: #{status := 100..599, headers := [{binary(), binary()}], body := binary()}.

-define(TIMEOUT, 30_000).
-define(MAX_BODY, 16 * 1024 * 1024).
-define(REDIRECTS, 5).
-define(METHODS, [<<"GET">>, <<"POST">>, <<"PUT">>, <<"PATCH">>, <<"DELETE">>, <<"HEAD">>, <<"OPTIONS">>]).

-doc "`fetch url with options`".
-spec fetch(term(), term()) -> term().
fetch(<<"file://", Path/binary>>, _) -> mochi_data:decode_json(mochi_data:read_file(Path));
fetch(Url, Options) when is_binary(Url) ->
    case binary:match(Url, <<"://">>) of
        nomatch -> mochi_data:decode_json(mochi_data:read_file(Url));
        _ -> decoded(Url, request(from_options(Url, mochi_cell:plain(Options))))
    end;
fetch({'$cell', _, _} = C, Options) -> fetch(mochi_cell:plain(C), Options);
fetch(_, _) -> mochi_core:fail(<<"fetch URL must be string">>).

decoded(_, {ok, #{status := Status, body := Body}}) when Status >= 200, Status < 300 ->
    case string:trim(Body) of
        <<>> -> nil;
        Text -> mochi_data:decode_json(Text)
    end;
decoded(Url, {ok, #{status := Status}}) -> fail(Url, {status, Status});
decoded(Url, {error, Why}) -> fail(Url, Why).

-spec fail(binary(), term()) -> no_return().
fail(Url, Why) -> mochi_core:fail(unicode:characters_to_binary([<<"fetch ">>, Url, <<": ">>, reason(Why)])).

%%% Options of a program

from_options(Url, nil) -> #{url => Url};
from_options(Url, Options) ->
    Get = fun(Name) -> mochi_cell:plain(mochi_ref:field(Options, Name)) end,
    Set = fun(Name, Key, Make, R) ->
                  case Get(Name) of
                      nil -> R;
                      V -> R#{Key => Make(V)}
                  end
          end,
    R0 = #{url => with_query(Url, Get(<<"query">>))},
    R1 = Set(<<"method">>, method, fun(V) -> string:uppercase(text(V)) end, R0),
    R2 = Set(<<"headers">>, headers, fun(V) -> [{K, text(E)} || {K, E} <- mochi_ref:entries(V, <<"fetch headers must be a map">>)] end, R1),
    R3 = Set(<<"timeout">>, timeout, fun timeout/1, R2),
    case Get(<<"body">>) of
        nil -> R3;
        Body when is_binary(Body) -> R3#{body => Body};
        Body -> R3#{body => mochi_json:to_json(Body),
                    headers => [{<<"content-type">>, <<"application/json">>} | maps:get(headers, R3, [])]}
    end.

text(V) -> mochi_core:str(mochi_cell:plain(V)).

%% Seconds, as the reference has it.
timeout(S) when is_number(S), S > 0, S < 86_400 -> max(1, round(S * 1000));
timeout(_) -> mochi_core:fail(<<"fetch timeout must be a number of seconds">>).

with_query(Url, nil) -> Url;
with_query(Url, Query) ->
    Pairs = [{K, text(V)} || {K, V} <- mochi_ref:entries(Query, <<"fetch query must be a map">>)],
    Sign = case binary:match(Url, <<"?">>) of
               nomatch -> $?;
               _ -> $&
           end,
    iolist_to_binary([Url, Sign, uri_string:compose_query(Pairs)]).

%%% Requests

-doc "Does a request and gives the whole answer, whatever its status.".
-spec request(request()) -> {ok, response()} | {error, mochi_transport:reason()}.
request(Request) ->
    Sink = fun({status, Status, Headers}, _) -> {ok, {Status, Headers, []}};
              ({data, Bytes}, {Status, Headers, Data}) -> {ok, {Status, Headers, [Data, Bytes]}}
           end,
    case stream(Request, Sink, none) of
        {ok, {Status, Headers, Data}} ->
            {ok, #{status => Status, headers => Headers, body => mochi_str:own(iolist_to_binary(Data))}};
        Error -> Error
    end.

-doc """
Does a request and hands each part of the answer to a function as it comes: `{status, Status, Headers}`, then `{data, Bytes}`s. The function runs in a process of its own.
""".
-spec stream(request(), mochi_transport:sink(), term()) -> {ok, term()} | {error, mochi_transport:reason()}.
stream(#{url := Url} = Request, Sink, Acc) ->
    ok = mochi_app:ensure(),
    Metadata = #{method => maps:get(method, Request, <<"GET">>), url => public(Url)},
    mochi_telemetry:span([mochi, fetch, request], Metadata,
                         fun() -> told(follow(Request, Sink, Acc, maps:get(redirects, Request, ?REDIRECTS))) end,
                         fun erlang:monotonic_time/0).

told({Result, Status, Bytes}) ->
    case Result of
        {ok, _} -> {Result, #{bytes => Bytes}, #{status => Status}};
        {error, Why} -> {Result, #{bytes => Bytes}, #{error => Why}}
    end.

%% Without what may be secret.
public(Url) -> hd(binary:split(Url, [<<"?">>, <<"#">>])).

follow(Request, Sink, Acc, Redirects) ->
    case checked(Request) of
        {ok, #{max_body := Most} = R} ->
            case pooled(R, fun(P, A) -> take(P, A, Sink, Most) end, {none, 0, Acc}, 3) of
                {ok, {{redirect, To}, _, _}} when Redirects > 0 -> follow(redirected(R, To), Sink, Acc, Redirects - 1);
                {ok, {{redirect, _}, _, _}} -> {{error, too_many_redirects}, none, 0};
                {ok, {Status, Bytes, Acc1}} -> {{ok, Acc1}, Status, Bytes};
                {error, Why} -> {{error, Why}, none, 0}
            end;
        {error, Why} -> {{error, Why}, none, 0}
    end.

%% A pool may have made room for another since it was looked up.
pooled(#{origin := Origin} = R, Sink, Acc, Tries) ->
    case mochi_fetch_sup:pool(Origin) of
        {ok, Pool} ->
            case mochi_fetch_pool:request(Pool, R, Sink, Acc) of
                {error, Gone} when Tries > 1, Gone =:= retired orelse Gone =:= {pool, <<"noproc">>} ->
                    pooled(R, Sink, Acc, Tries - 1);
                Other -> Other
            end;
        {error, _} = Error -> Error
    end.

take({status, Status, Headers} = Part, {_, _, Acc}, Sink, _) ->
    case lists:keyfind(<<"location">>, 1, Headers) of
        {_, To} when Status =:= 301; Status =:= 302; Status =:= 303; Status =:= 307; Status =:= 308 ->
            {ok, {{redirect, {Status, To}}, 0, Acc}};
        _ -> go_on(Status, 0, Sink(Part, Acc))
    end;
take({data, _}, {{redirect, _}, _, _} = Acc, _, _) -> {ok, Acc};
take({data, Bytes} = Part, {Status, Count, Acc}, Sink, Most) ->
    case Count + byte_size(Bytes) of
        N when N > Most -> {stop, {too_large, Most}};
        N -> go_on(Status, N, Sink(Part, Acc))
    end.

go_on(Status, Count, {ok, Acc}) -> {ok, {Status, Count, Acc}};
go_on(_, _, {stop, Why}) -> {stop, Why}.

%% What belongs to one host is not told to another.
redirected(#{url := Url, origin := Origin, headers := Headers, method := Method} = R, {Status, To}) ->
    Next = case uri_string:resolve(To, Url) of
               U when is_binary(U) -> U;
               _ -> To
           end,
    Kept = case origin(Next) of
               {ok, Origin, _} -> Headers;
               _ -> [H || {K, _} = H <- Headers, not lists:member(string:lowercase(K), [<<"authorization">>, <<"cookie">>, <<"x-api-key">>])]
           end,
    case Status =:= 303 orelse (Status =/= 307 andalso Status =/= 308 andalso Method =:= <<"POST">>) of
        true -> R#{url => Next, method => <<"GET">>, body => <<>>, headers => Kept};
        false -> R#{url => Next, headers => Kept}
    end.

%%% Checks

checked(#{url := Url} = Request) ->
    Method = maps:get(method, Request, <<"GET">>),
    Headers = maps:get(headers, Request, []),
    Bad = [K || {K, V} <- Headers, not is_token(K) orelse not is_line(V)],
    case {lists:member(Method, ?METHODS), Bad, origin(Url)} of
        {false, _, _} -> {error, {bad_method, Method}};
        {_, [K | _], _} -> {error, {bad_header, K}};
        {_, _, {error, _} = Error} -> Error;
        {true, [], {ok, {_, Host, _} = Origin, Path}} ->
            case allowed(Host) of
                true ->
                    {ok, Request#{method => Method, headers => Headers, origin => Origin, path => Path,
                                  body => maps:get(body, Request, <<>>),
                                  timeout => maps:get(timeout, Request, mochi_app:env(fetch_timeout, ?TIMEOUT)),
                                  max_body => maps:get(max_body, Request, mochi_app:env(fetch_max_body, ?MAX_BODY))}};
                false -> {error, {not_allowed, Host}}
            end
    end.

is_token(K) ->
    K =/= <<>> andalso lists:all(fun(C) -> C > 32 andalso C < 127 andalso not lists:member(C, "()<>@,;:\\\"/[]?={}") end,
                                 binary_to_list(K)).

is_line(V) -> lists:all(fun(C) -> C >= 32 andalso C =/= 127 orelse C =:= 9 end, binary_to_list(V)).

origin(Url) ->
    case uri_string:parse(Url) of
        #{userinfo := _} -> {error, {bad_url, <<"an address with credentials">>}};
        #{scheme := Scheme, host := Host} = Parts when Host =/= <<>> ->
            case string:lowercase(Scheme) of
                <<"http">> -> {ok, {http, string:lowercase(Host), port(Parts, 80)}, path(Parts)};
                <<"https">> -> {ok, {https, string:lowercase(Host), port(Parts, 443)}, path(Parts)};
                Other -> {error, {bad_url, <<"no such scheme: ", Other/binary>>}}
            end;
        #{} -> {error, {bad_url, <<"no host">>}};
        {error, _, _} -> {error, {bad_url, <<"not an address">>}}
    end.

port(#{port := Port}, _) when is_integer(Port) -> Port;
port(_, Default) -> Default.

path(#{path := Path} = Parts) ->
    Start = case Path of
                <<>> -> <<"/">>;
                _ -> Path
            end,
    case Parts of
        #{query := Query} -> <<Start/binary, $?, Query/binary>>;
        #{} -> Start
    end.

allowed(Host) ->
    case mochi_app:env(fetch_allow, all) of
        all -> true;
        Hosts -> lists:any(fun(Pattern) -> matches(Pattern, Host) end, Hosts)
    end.

matches(<<"*.", Rest/binary>>, Host) ->
    Size = byte_size(Host) - byte_size(Rest) - 1,
    Size > 0 andalso binary:part(Host, Size, byte_size(Rest) + 1) =:= <<$., Rest/binary>>;
matches(Pattern, Host) -> Pattern =:= Host.

-doc "An error in words.".
-spec reason(mochi_transport:reason() | {status, integer()}) -> unicode:chardata().
reason(refused) -> <<"this host offers no network">>;
reason(notsup) -> <<"this host offers no network">>;
reason(eacces) -> <<"this host does not allow that">>;
reason(timeout) -> <<"no answer in time">>;
reason(closed) -> <<"the connection was closed before the end of the answer">>;
reason(overloaded) -> <<"too many requests wait">>;
reason(too_many_redirects) -> <<"too many redirects">>;
reason({status, Status}) -> [<<"status ">>, integer_to_binary(Status)];
reason({too_large, Most}) -> [<<"the answer is larger than ">>, integer_to_binary(Most), <<" bytes">>];
reason({not_allowed, Host}) -> [<<"the host ">>, Host, <<" is not allowed">>];
reason({bad_method, M}) -> [<<"no such method: ">>, M];
reason({bad_header, K}) -> [<<"a header that can't be sent: ">>, mochi_fmt:quote(K)];
reason({bad_url, Why}) -> Why;
reason({connect, econnrefused}) -> <<"connection refused">>;
reason({connect, nxdomain}) -> <<"no such host">>;
reason({connect, Why}) -> [<<"cannot connect: ">>, io_lib:format("~tw", [Why])];
reason({tls, Why}) -> [<<"no trustworthy connection: ">>, io_lib:format("~tw", [Why])];
reason(Why) -> io_lib:format("~tw", [Why]).
